"""A distribution to begin a provider with: an adapter, a stand-in and tests, that work from the first minute."""
