def draw(run):
    return ""
