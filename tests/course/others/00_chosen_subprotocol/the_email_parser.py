from email.parser import BytesParser


def chosen_subprotocol(answer):
    fields = BytesParser().parsebytes(answer.partition(b"\r\n")[2])
    return fields["Sec-WebSocket-Protocol"]
