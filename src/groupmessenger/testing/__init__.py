"""What tests of applications and of plugins need: pytest fixtures, and the contract an adapter has to keep."""
