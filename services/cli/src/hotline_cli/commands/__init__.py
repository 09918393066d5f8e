"""The subcommands of `hotline`, by whose work they are."""
