# said: a number of seconds
def delivery(lost, replaced, twice):
    if not lost or (replaced and not twice):
        return "volatile"
    return "published with a key" if twice else "published"


def design(needs):
    senders = {message["from"] for message in needs["messages"].values()}
    policies = {
        name: delivery(message["lost"], message["replaced"], message["twice"])
        for name, message in needs["messages"].items()
    }
    return {
        "transport": "WebSocket" if len(senders) == 2 else "SSE" if "server" in senders else "HTTP",
        "delivery": policies,
        "ping": None,
        "outbox": any(
            message["from"] == "client" and policies[name] != "volatile"
            for name, message in needs["messages"].items()
        ),
        "broker": needs["processes"] > 1,
    }
