"""Settings, addresses, wiring, the `linli` command. Everything above the apps; nothing imports it."""
