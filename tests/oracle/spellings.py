"""Writes a Caddyfile with its words, spaces and line ends spelled in unusual ways: quotes,
heredocs, escapes, comments, continued lines, carriage returns, environment variables, odd bytes."""
import re

from mixes import Mix

SPACES = [" ", "  ", "\t", "\u00a0", "\u2003", "\u0085", "\u3000", "\v", "\f", " \r", "\\\n", " \\\n\t", "\\\r\n", "\u200b", "\ufeff"]
COMMENTS = ["# comment", "#", "# {", "# }", "# \"open", "#\\", "# {$DT_NAME}", "# <<E", "#\ttab", "# `"]
ODD = ["\x00", "\x01", "\x7f", "\udc80", "\udcff", "\udcc3(", "\u2028", "\U0001f600", "\u0301", "\ufffd", "\x1b[31m", "\ud7ff", "é", "\udced\udca0\udc80"]
VARIABLES = ["DT_NAME", "DT_PORT", "DT_HOST", "DT_MULTI", "DT_EMPTY", "DT_OPEN", "DT_CLOSE", "DT_QUOTED", "DT_QUOTE", "DT_BACKTICK", "DT_LINES", "DT_BLOCK",
             "DT_NESTED", "DT_ARGS", "DT_HEREDOC", "DT_HASH", "DT_PLACEHOLDER", "DT_UNICODE", "DT_CR", "DT_BACKSLASH", "DT_IMPORT", "DT_COMMA", "DT_PATH"]
WORD = re.compile(r"[^\s{}\"`]+|\{[^\s{}]*\}|[{}]")


class Spelling:
    def __init__(self, random):
        self.random = random
        self.rate = random.choice((0.005, 0.02, 0.02, 0.1))
        self.is_odd = random.random() < 0.3

    def word(self, word):
        if word in "{}" or self.random.random() > self.rate:
            return word
        at = self.random.randint(0, len(word))
        head, tail = word[:at], word[at:]
        choices = [
            lambda: f'"{word}"', lambda: f"`{word}`", lambda: f"{{$DT_UNSET:{word}}}", lambda: f"{head}{{$DT_UNSET}}{tail}",
            lambda: f"{head}{{$DT_NAME}}{tail}", lambda: f"{head}{{$DT_MULTI}}{tail}",
            lambda: f"{{${self.random.choice(VARIABLES)}}}", lambda: f"{head}{{${self.random.choice(VARIABLES)}}}{tail}",
            lambda: f'"{head}{{${self.random.choice(VARIABLES)}}}{tail}"', lambda: "{$DT_UNSET:{$DT_NAME}}", lambda: "{$ DT_NAME}",
            lambda: f"{{$DT_UNSET:{head}:{tail}}}", lambda: f"{{$DT_EMPTY:{word}}}", lambda: f"{{$DT_NAME:{word}}}", lambda: f"{{$DT_UNSET: {head} }}{tail}",
            lambda: "\\{$DT_NAME}", lambda: "{$DT_NAME}{$DT_PORT}", lambda: "{$DT_NAME", lambda: "{${$DT_NAME}}", lambda: f"<<END\n{word}\nEND",
            lambda: f"<<END\n\t\t{word}\n\tEND", lambda: f"<<E-1_x\n\t{head}\n\n\t{tail}\n\tE-1_x", lambda: f"\\{word}", lambda: f"{head}\\{tail}",
            lambda: f'{head}"{tail}', lambda: f'"{head}\\"{tail}"', lambda: f'"{head}\\\\{tail}"', lambda: f'"{head}\n{tail}"',
            lambda: f"`{head}\n{tail}`", lambda: f"{head}#{tail}", lambda: f"{head} #{tail}", lambda: f'"{word}"x', lambda: f"`{head}`{tail}",
            lambda: f"\\<<{word}", lambda: f"<{word}", lambda: f"<<{word}", lambda: f"<<END {word}", lambda: f"{head}{{{tail}", lambda: f"{head}}}{tail}",
            lambda: f'"{word}', lambda: f"`{word}", lambda: f"{{$}}{word}", lambda: f"{{$DT_UNSET:{head}}}{tail}", lambda: f'"{word}\\', lambda: f'""{word}',
            lambda: f"<<END\r\n{word}\r\nEND", lambda: f"<<END\n{word}END", lambda: f"{head}\r{tail}", lambda: f"{{${head}:{tail}}}"]
        if self.is_odd:
            choices += [lambda: f"{head}{self.random.choice(ODD)}{tail}", lambda: f'"{head}{self.random.choice(ODD)}{tail}"'] * 8
        return self.random.choice(choices)()

    def space(self):
        return self.random.choice(SPACES) if self.random.random() < self.rate / 2 else " "

    def line(self, text, end):
        indent = re.match(r"\s*", text)[0]
        out = indent if self.random.random() > self.rate / 2 else self.random.choice(["", "    ", "\t\t\t", " \t"])
        out += self.space().join(self.word(w) for w in text.split())
        if self.random.random() < self.rate / 3:
            out += " " + self.random.choice(COMMENTS)
        if self.random.random() < self.rate / 4:
            out += end + self.random.choice(["", self.random.choice(COMMENTS), "\t", "\t# x"])
        if self.random.random() < self.rate / 8:
            return out + " "  # and the next line follows on this one
        return out + end

    def file(self, text=None):
        """The text, or one of mixes.py, in another spelling."""
        end = self.random.choice(("\n", "\n", "\n", "\r\n"))
        text = "".join(self.line(line, end) for line in (text or Mix(self.random).file()).split("\n"))
        if self.random.random() < 0.1:
            text = self.random.choice(["\ufeff", "\ufeff\ufeff", "\n\n", " ", "# first\n", "\udcff", "\r\n"]) + text
        if self.random.random() < 0.1:
            text = text.rstrip("\n") + self.random.choice(["", "\\", "#", "\"", " ", "\r", "\\\n", "<<E", "<<E\n", "`", "{$DT_NAME}", "}", "{"])
        return text
