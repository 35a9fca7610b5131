def take_once(log, last, device, n, text):
    match n - last.get(device, 0):
        case 1:
            log += [[device, n, text]]
            last |= {device: n}
            return "stored"
        case ahead if ahead > 1:
            return "out of order"
    return "again"
