# said: should be its bytes
def inflate_pieces(pieces, most):
    return None
