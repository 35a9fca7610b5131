"""The only code that touches sockets and threads. Read in this order:

reactor     one thread: sockets that are ready, timers, calls from other threads
poller      waiting for many sockets at once
transport   one socket: bytes in, bytes out, and the tap
outbox      bytes that a socket has not taken yet
tls         the filter between a transport and its socket
sending     the sending half of a connection
heartbeat   pings and deadlines
inbox       messages that wait for a thread
connection  a protocol on a transport, with these three
handler     your code, as a connection calls it
threaded    handlers that may block
listener    listening sockets
service     the base of every server
authorize   the clients that may come in
routes      plain HTTP on the same port
static      files as routes
decisions   answers that come later
timers      repeated calls, and the interval between checks
broadcast   the same bytes to many transports
counts      the numbers of a server
server      a WebSocket server, of these parts
dial        connecting to any address of a host
client      a WebSocket client
waiting     waiting for any number of seconds: used by all
"""
