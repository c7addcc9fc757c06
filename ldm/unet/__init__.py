"""The time-conditional UNet epsilon_theta."""
