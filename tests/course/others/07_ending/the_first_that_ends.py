from wsdemo.protocol.codes import on_the_wire


def ending(story):
    ends = [pair for pair in story if pair[0] != "message"]
    if not ends:
        return None
    what, code = ends[0]
    if what != "close":
        return 1006
    return 1005 if code is None else code if on_the_wire(code) else 1006
