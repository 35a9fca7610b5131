# said: with 2 server processes
def design(needs):
    messages = needs["messages"]
    policies = {
        name: "volatile"
        if not facts["lost"] or (facts["replaced"] and not facts["twice"])
        else "published with a key"
        if facts["twice"]
        else "published"
        for name, facts in messages.items()
    }
    senders = {facts["from"] for facts in messages.values()}
    one_way = "SSE" if "server" in senders else "HTTP"
    return {
        "transport": "WebSocket" if len(senders) == 2 else one_way,
        "delivery": policies,
        "ping": max(5, needs["proxy_timeout"] / 3),
        "outbox": any(
            facts["from"] == "client" and policies[name] != "volatile" for name, facts in messages.items()
        ),
        "broker": needs["processes"] > 2,
    }
