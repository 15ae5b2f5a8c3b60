"""Makes one Caddyfile of two: sites side by side, a block of one in a block of the other, lines moved over."""
import re


def spans(lines):
    """(first, behind the last) of every balanced stretch that begins at a line: the line, or its block."""
    out = []
    for first, line in enumerate(lines):
        depth = 0
        for last in range(first, min(len(lines), first + 40)):
            depth += lines[last].rstrip().endswith("{")
            depth -= lines[last].strip() == "}"
            if depth <= 0:
                break
        if depth == 0:
            out.append((first, last + 1))
    return out


def parts(text):
    """The global options, and the rest."""
    lines = text.split("\n")
    first = next((i for i, line in enumerate(lines) if line.strip() and not line.lstrip().startswith("#")), 0)
    if lines[first].strip() == "{":
        last = next((j for i, j in spans(lines) if i == first), first)
        return lines[first:last], lines[:first] + lines[last:]
    return [], lines


def splice(random, one, other):
    """A file made of both."""
    (options, sites), (more_options, more_sites) = parts(one), parts(other)
    how = random.randrange(4)
    if how == 0 and len(options) > 1 and len(more_options) > 1:
        options = options[:-1] + more_options[1:]
    elif len(more_options) > 1 and random.random() < 0.3:
        options = more_options
    if how <= 1:
        pieces = [sites, more_sites]
        random.shuffle(pieces)
        return "\n".join(options + pieces[0] + pieces[1])
    lines = sites
    for _ in range(random.choice((1, 1, 2, 3))):
        stretches = spans(more_sites)
        if not stretches or not lines:
            break
        first, last = random.choice(stretches)
        piece = more_sites[first:last]
        if how == 2:
            at = random.randrange(len(lines) + 1)
            lines = lines[:at] + piece + lines[at:]
        else:
            inside = [s for s in spans(lines)]
            begin, end = random.choice(inside) if inside else (0, 0)
            lines = lines[:begin] + piece + lines[end:]
    return "\n".join(options + lines)


WORD = re.compile(r"\S+")


def swap_words(random, one, other):
    """<one> with some words of <other>."""
    words = WORD.findall(other)
    if not words:
        return one
    chance = random.choice((0.01, 0.03, 0.1))
    return WORD.sub(lambda match: random.choice(words) if random.random() < chance else match[0], one)
