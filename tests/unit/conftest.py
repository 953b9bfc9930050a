"""Properties are judged by what they find, not by how long a busy machine took."""

from hypothesis import settings

settings.register_profile("calm", deadline=None)
settings.load_profile("calm")
