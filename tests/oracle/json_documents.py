"""JSON configurations written from the published schema: one module each, with a few of its fields."""
import json, subprocess

WORDS = ["a", "b", "example.com", "a/b", "text/html", "127.0.0.1", "10.0.0.0/8", "{env.X}", "GET", "5"]
MAX_DEPTH = 4  # objects within what is written at random


class Schema:
    def __init__(self, dialtone):
        run = subprocess.run([dialtone, "schema", "--json"], capture_output=True, check=True)
        schema = json.loads(run.stdout)
        self.objects = {row["name"]: row["fields"] for row in schema["objects"]}
        self.spaces = {}  # namespace -> name -> shape
        for space in schema["modules"]:
            self.spaces[space["namespace"]] = {m["name"]: m["json"] for m in space.get("modules", []) if "json" in m}
        for modules in self.spaces.values():  # not without a plugin
            for name in [name for name, shape in modules.items() if self.needs_plugin(shape)]:
                del modules[name]
        self.ways = {}  # (namespace, name) -> how to get there: (object, field, module to choose there) …
        self.find_ways()

    def needs_plugin(self, shape):
        return any("required" in f and f["json"]["type"] == "module" and not self.spaces[f["json"]["namespace"]]
                   for f in self.fields(shape))

    def fields(self, shape):
        whole = shape.get("type") == "object" and "nest" not in shape
        return self.objects[shape["object"]] if whole else []

    def find_ways(self):
        """The shortest way to every module, by breadth: steps are a field and, where it holds modules, which."""
        queue, seen = [({"type": "object", "object": "config"}, [])], {"config"}
        for shape, way in queue:
            for field in self.fields(shape):
                if field["name"] == "admin":  # `caddy validate` does not look at what is in there
                    continue
                below = field["json"]
                if below["type"] == "object" and below["object"] not in seen:
                    seen.add(below["object"])
                    queue.append(({"type": "object", "object": below["object"]}, way + [(field, None)]))
                for name, module in self.spaces.get(below.get("namespace"), {}).items():
                    if (below["namespace"], name) not in self.ways:
                        self.ways[below["namespace"], name] = way + [(field, name)]
                        queue.append((module, way + [(field, name)]))


def nest(shape, value):
    return {"list": lambda: [value], "map": lambda: {"a": value}, "list_of_lists": lambda: [[value]],
            "map_of_lists": lambda: {"A": [value]}}.get(shape.get("nest"), lambda: value)()


class Writer:
    def __init__(self, schema, random):
        self.schema, self.random = schema, random
        self.used = set()  # fields, each with its object

    def scalar(self, field):
        kind, choice = field["json"]["type"], self.random.choice
        if "words" in field:
            return choice(field["words"])
        return {"any": lambda: choice([None, 5, "a", [True], {"a": 0.5}]),
                "string": lambda: choice(WORDS),
                "boolean": lambda: choice([True, False]),
                "integer": lambda: choice([0, 1, 2, 80, 8443]),
                "number": lambda: choice([0.5, 1, 0]),
                "duration": lambda: choice(["5s", "1m30s", "1d", 5000000000, 0]),
                "nanoseconds": lambda: choice([0, 5000000000]),
                "string_or_number": lambda: choice([200, "404", "{a}"]),
                "string_or_strings": lambda: choice(["a", ["a", "b"], []]),
                "big_integer": lambda: choice(["0", "123456789012345678901234567890", "-1"]),
                "file_mode": lambda: choice(["0644", "600"]),
                "expression": lambda: choice(["true", {"expr": "true", "name": "a"}]),
                }[kind]()

    def value(self, field, depth):
        shape = field["json"]
        kind = shape["type"]
        if kind == "object":
            return nest(shape, self.members(shape, depth + 1))
        if kind in ("module", "module_map"):
            modules = self.schema.spaces.get(shape["namespace"], {})
            if not modules:
                return nest(shape, {}) if kind == "module_map" else [] if "nest" in shape else self.random.choice(WORDS)
            name = self.random.choice(sorted(modules))
            return nest(shape, self.module(shape, name, self.value({"json": modules[name]}, depth + 1)))
        return nest(shape, self.scalar(field))

    def module(self, shape, name, value):
        if shape["type"] == "module_map":
            return {name: value}
        return {shape["json_key"]: name, **value}

    def members(self, shape, depth, most=4):
        fields = self.schema.fields({"type": "object", "object": shape["object"]})
        self.used |= {(shape["object"], field["name"]) for field in fields if "required" in field}
        if depth >= MAX_DEPTH:
            fields = [f for f in fields if f["json"]["type"] not in ("object", "module", "module_map")]
        # a field that holds modules of plugins only can have no value
        fields = [f for f in fields if f["json"]["type"] != "module" or self.schema.spaces.get(f["json"]["namespace"])]
        chosen = self.random.sample(fields, min(len(fields), self.random.randrange(most + 1)))
        self.used |= {(shape["object"], field["name"]) for field in chosen}
        return {f["name"]: self.value(f, depth) for f in fields if f in chosen or "required" in f}

    def document(self, number):
        """A configuration with one module of the schema in it: another one for each number."""
        ways = sorted(self.schema.ways)
        space, name = ways[number % len(ways)]
        value = self.value({"json": self.schema.spaces[space][name]}, 1)
        for field, module in reversed(self.schema.ways[space, name]):
            shape = field["json"]
            if module is not None:
                value = self.module(shape, module, value)
            value = {field["name"]: nest(shape, value)}
        return f"{space}.{name}", value
