def design(needs):
    messages = needs["messages"]

    def policy(facts):
        if facts["lost"] and facts["twice"]:
            return "published with a key"
        return "published" if facts["lost"] and not facts["replaced"] else "volatile"

    return {
        "transport": {("client",): "HTTP", ("server",): "SSE"}.get(
            tuple(sorted({facts["from"] for facts in messages.values()})), "WebSocket"
        ),
        "delivery": {name: policy(facts) for name, facts in messages.items()},
        "ping": needs["proxy_timeout"] * 0.8,
        "outbox": any(f["from"] == "client" and policy(f) != "volatile" for f in messages.values()),
        "broker": needs["processes"] > 1,
    }
