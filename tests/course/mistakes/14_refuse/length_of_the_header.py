# said: refuse(
def refuse(head, most):
    return 1009 if len(head) > most else None
