"""How fast the parts are, each against its plain peer, in one run on one machine."""
