"""All locks are watched: see `tests.locks`."""

from tests.locks import watched as watched
