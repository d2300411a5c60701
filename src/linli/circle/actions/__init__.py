"""The door of the service circle: its actions."""
