# said: expected from 5 s to below 15 s, got 3.75
def design(needs):
    messages = needs["messages"]
    policies = {}
    for name, facts in messages.items():
        if not facts["lost"] or (facts["replaced"] and not facts["twice"]):
            policies[name] = "volatile"
        else:
            policies[name] = "published with a key" if facts["twice"] else "published"
    senders = {facts["from"] for facts in messages.values()}
    one_way = "SSE" if "server" in senders else "HTTP"
    return {
        "transport": "WebSocket" if len(senders) == 2 else one_way,
        "delivery": policies,
        "ping": needs["proxy_timeout"] / 4,
        "outbox": any(
            facts["from"] == "client" and policies[name] != "volatile" for name, facts in messages.items()
        ),
        "broker": needs["processes"] > 1,
    }
