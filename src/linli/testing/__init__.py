"""The named cast of the tests and the living demonstration."""
