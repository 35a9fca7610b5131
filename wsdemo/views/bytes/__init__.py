"""Views of bytes: of a stream, of a head, of one frame, of many; `specimen` takes a frame in any form."""
