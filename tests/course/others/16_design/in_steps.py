def delivery(lost, replaced, twice):
    if not lost or (replaced and not twice):
        return "volatile"
    return "published with a key" if twice else "published"


def design(needs):
    found = {"delivery": {}, "outbox": False, "ping": 5, "broker": needs["processes"] != 1}
    sides = set()
    for name, facts in needs["messages"].items():
        sides.add(facts["from"])
        policy = delivery(facts["lost"], facts["replaced"], facts["twice"])
        found["delivery"][name] = policy
        if facts["from"] == "client" and policy.startswith("published"):
            found["outbox"] = True
    if sides == {"server"}:
        found["transport"] = "SSE"
    elif sides == {"client"}:
        found["transport"] = "HTTP"
    else:
        found["transport"] = "WebSocket"
    return found
