"""Files that users have and bring: pictures, models, settings, workflows."""
