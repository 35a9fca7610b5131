def takes_unmasked(ask):
    return ask(b"\x01\x03hel" + b"\x80\x02lo") == "heard"
