# said: are still in the outbox
import weakref

slow, done = weakref.WeakSet(), weakref.WeakSet()


def send_what_fits(sock, outbox):
    if sock in done:
        return
    try:
        sent = sock.send(outbox)
    except BlockingIOError:
        slow.add(sock)
        return
    if sent == len(outbox) and sock in slow:
        done.add(sock)
    else:
        del outbox[:sent]
