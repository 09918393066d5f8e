"""Article by article: what the platform does is what the regulation says, through the public interfaces alone."""
