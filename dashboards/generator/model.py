"""What a dashboard is made of, and the JSON that Grafana reads.

A query names its series by `HERE`, which stands for the variables that every query heeds, and by `TOPIC`
for those that have topics. Ids come from titles, so that a link to a panel outlives a new neighbour.
"""

import dataclasses
import json
import re
import zlib

WIDTH = 24
SOURCE = {"type": "prometheus", "uid": "prometheus"}
HERE = 'namespace=~"$namespace", job=~"$job"'
TOPIC = 'topic=~"$topic"'

# A number that is neither good nor bad is blue.
GREEN, ORANGE, RED, NEUTRAL = "green", "orange", "red", "blue"

# Units, by Grafana's names.
COUNT, SHARE, SECONDS, BYTES, CORES, AMOUNT = "short", "percentunit", "s", "bytes", "suffix: cores", "short"
PER_SECOND = "suffix: /s"


@dataclasses.dataclass
class Panel:
    kind: str
    title: str
    unit: str
    queries: list  # of (PromQL, legend)
    description: str
    width: int = 8
    steps: tuple = ()  # thresholds above green, as (value, colour)
    stacked: bool = False
    words: dict = dataclasses.field(default_factory=dict)  # value -> (text, colour)
    decimals: int | None = None


@dataclasses.dataclass
class Row:
    """Panels from left to right, in as many lines as they fill."""

    title: str
    height: int
    panels: list


@dataclasses.dataclass
class Dashboard:
    name: str
    title: str
    description: str
    rows: list
    has_topics: bool = False

    def panels(self):
        return [panel for row in self.rows for panel in row.panels]


def stat(title, unit, query, description, **more):
    """One number, the last."""
    return Panel("stat", title, unit, pairs(query), description, **more)


def graph(title, unit, queries, description, **more):
    """Lines over time."""
    return Panel("timeseries", title, unit, pairs(queries), description, **more)


def bars(title, unit, query, description, **more):
    """One bar for each series."""
    return Panel("bargauge", title, unit, pairs(query), description, **more)


def states(title, query, description, words, **more):
    """Which of a few states each series was in, over time."""
    return Panel("state-timeline", title, COUNT, pairs(query), description, words=words, **more)


def table(title, query, description, **more):
    """One line for each series: its labels."""
    return Panel("table", title, COUNT, pairs(query), description, **more)


def pairs(queries):
    return [queries] if isinstance(queries, tuple) else list(queries)


def percentiles(metric, by=""):
    """p50, p95 and p99 of a histogram; `by` is one more label to keep apart."""
    labels, legend = (f"le, {by}", f" {{{{{by}}}}}") if by else ("le", "")
    rates = f"sum by ({labels}) (rate({metric}_bucket{{HERE}}[$__rate_interval]))"
    return [(f"histogram_quantile({q}, {rates})", f"p{round(q * 100)}{legend}") for q in (0.5, 0.95, 0.99)]


def expand(query):
    return query.replace("HERE", HERE).replace("TOPIC", TOPIC)


def number(text):
    return zlib.crc32(text.encode()) % 1_000_000_000 + 1


def as_json(dashboard):
    variables = [
        variable("namespace", "Namespace", "label_values(fraudstream_build_info, namespace)"),
        variable("job", "Job", 'label_values(fraudstream_build_info{namespace=~"$namespace"}, job)'),
    ]
    if dashboard.has_topics:
        query = f"label_values(fraudstream_consumer_lag_records{{{HERE}}}, topic)"
        variables.append(variable("topic", "Topic", query))
    document = {
        "uid": f"fraudstream-{dashboard.name}",
        "title": f"fraudstream / {dashboard.title}",
        "description": dashboard.description,
        "tags": ["fraudstream"],
        "schemaVersion": 41,
        "version": 1,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "5s",
        "time": {"from": "now-15m", "to": "now"},
        "timezone": "browser",
        "links": [
            {
                "type": "dashboards",
                "title": "fraudstream",
                "tags": ["fraudstream"],
                "asDropdown": False,
                "includeVars": True,
                "keepTime": True,
            }
        ],
        "annotations": {"list": []},
        "templating": {"list": variables},
        "panels": list(laid_out(dashboard)),
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def variable(name, label, query):
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": SOURCE,
        "definition": query,
        "query": {"query": query, "refId": f"variable-{name}"},
        "refresh": 2,
        "sort": 1,
        "multi": True,
        "includeAll": True,
        "allValue": ".*",
        "current": {"text": ["All"], "value": ["$__all"]},
    }


def laid_out(dashboard):
    """The panels with their places: rows from top to bottom, panels from left to right."""
    y = 0
    for row in dashboard.rows:
        if row.title:
            yield {
                "id": number(f"row {row.title}"),
                "type": "row",
                "title": row.title,
                "collapsed": False,
                "gridPos": {"x": 0, "y": y, "w": WIDTH, "h": 1},
                "panels": [],
            }
            y += 1
        x = 0
        for panel in row.panels:
            yield panel_json(panel, {"x": x, "y": y, "w": panel.width, "h": row.height})
            x += panel.width
            if x >= WIDTH:
                x, y = 0, y + row.height


def panel_json(panel, place):
    instant = panel.kind in ("stat", "bargauge", "table")
    targets = [
        {
            "refId": chr(ord("A") + index),
            "datasource": SOURCE,
            "editorMode": "code",
            "expr": expand(query),
            "legendFormat": legend,
            "instant": instant,
            "range": not instant,
        }
        | ({"format": "table"} if panel.kind == "table" else {})
        for index, (query, legend) in enumerate(panel.queries)
    ]
    defaults = {
        "unit": panel.unit,
        "thresholds": {
            "mode": "absolute",
            "steps": [{"color": GREEN if panel.steps or panel.words else NEUTRAL, "value": None}]
            + [{"color": colour, "value": value} for value, colour in panel.steps],
        },
    }
    if panel.decimals is not None:
        defaults["decimals"] = panel.decimals
    if panel.words:
        options = {
            str(value): {"text": text, "color": colour, "index": index}
            for index, (value, (text, colour)) in enumerate(panel.words.items())
        }
        defaults["mappings"] = [{"type": "value", "options": options}]
    options, custom, color = looks(panel)
    defaults |= {"color": {"mode": color}} | ({"custom": custom} if custom else {})
    return {
        "id": number(panel.title),
        "type": panel.kind,
        "title": panel.title,
        "description": panel.description,
        "datasource": SOURCE,
        "gridPos": place,
        "targets": targets,
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "options": options,
    } | (TABLE if panel.kind == "table" else {})


# A line for each series: its labels, without the time and the value.
TABLE = {
    "transformations": [
        {"id": "organize", "options": {"excludeByName": {"Time": True, "Value": True}}},
    ]
}


def looks(panel):
    """Options, custom field settings and the mode of colour of a kind of panel."""
    last = {"calcs": ["lastNotNull"], "fields": "", "values": False}
    if panel.kind == "stat":
        coloured = bool(panel.steps or panel.words)
        options = {
            "reduceOptions": last,
            "colorMode": "background" if coloured else "value",
            "graphMode": "none",
            "textMode": "auto",
            "justifyMode": "center",
        }
        return options, {}, "thresholds"
    if panel.kind == "bargauge":
        options = {"reduceOptions": last, "orientation": "horizontal", "displayMode": "basic", "showUnfilled": True}
        return options, {}, "thresholds" if panel.steps else "palette-classic"
    if panel.kind == "state-timeline":
        options = {"showValue": "never", "mergeValues": True, "rowHeight": 0.8, "legend": {"showLegend": False}}
        return options, {"fillOpacity": 80, "lineWidth": 0}, "thresholds"
    if panel.kind == "table":
        return {"showHeader": True}, {"align": "left"}, "thresholds"
    options = {
        "legend": {"showLegend": True, "displayMode": "table", "placement": "bottom", "calcs": ["lastNotNull", "max"]},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }
    custom = {
        "drawStyle": "line",
        "lineWidth": 1,
        "fillOpacity": 25 if panel.stacked else 8,
        "showPoints": "never",
        "spanNulls": 60_000,
        "stacking": {"mode": "normal" if panel.stacked else "none", "group": "A"},
        "thresholdsStyle": {"mode": "dashed" if panel.steps else "off"},
        "axisSoftMin": 0,
    }
    return options, custom, "palette-classic"


def problems(dashboards):
    """What is wrong with them, in sentences."""
    found = []
    for dashboard in dashboards:
        titles = [panel.title for panel in dashboard.panels()] + [f"row {row.title}" for row in dashboard.rows if row.title]
        if len({number(title) for title in titles}) < len(titles):
            found.append(f"{dashboard.name}: two panels have one title")
        for row in dashboard.rows:
            width = sum(panel.width for panel in row.panels)
            if width % WIDTH:
                found.append(f"{dashboard.name}: row {row.title!r} is {width} wide, which fills no lines of {WIDTH}")
        for panel in dashboard.panels():
            found += [f"{dashboard.name}: {panel.title}: {what}" for what in complaints(panel, dashboard)]
        found += overlaps(dashboard)
    return found


def overlaps(dashboard):
    """Each cell of the grid belongs to exactly one panel."""
    taken = set()
    for panel in laid_out(dashboard):
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        if cells & taken:
            yield f"{dashboard.name}: {panel['title']} lies over another panel"
        taken |= cells
    if len(taken) != WIDTH * (1 + max(y for _, y in taken)) or max(x for x, _ in taken) >= WIDTH:
        yield f"{dashboard.name}: the grid has gaps"


def complaints(panel, dashboard):
    if not panel.unit:
        yield "no unit"
    if len(panel.description.split(". ")) < 2:
        yield "a description says what the panel shows, and what to do"
    if not panel.queries:
        yield "no query"
    for query, legend in panel.queries:
        if not legend:
            yield f"no legend for {query}"
        for metric, matchers in re.findall(r"\b((?:fraudstream|process|scrape)_\w+|up)\b(\{[^}]*\})?", query):
            if "HERE" not in matchers:
                yield f"{metric} does not heed the variables: HERE is missing"
        for metric in re.findall(r"fraudstream_(?:consumer_lag_records|partition_halted)\{[^}]*\}", query):
            if dashboard.has_topics and "TOPIC" not in metric:
                yield f"{metric} does not heed the variable: TOPIC is missing"
        if re.search(r"\b(rate|increase)\([^()]*\[(?!\$__rate_interval|\$__range|6h)", query):
            yield f"a rate over something else than $__rate_interval: {query}"


def as_rules(dashboards):
    """All queries as recording rules, in JSON, which is YAML too."""
    values = {"$__rate_interval": "1m", "$__range": "15m", "$namespace": ".*", "$job": ".*", "$topic": ".*"}
    rules = []
    for dashboard in dashboards:
        for panel in dashboard.panels():
            for index, (query, _) in enumerate(panel.queries):
                query = expand(query)
                for name, value in values.items():
                    query = query.replace(name, value)
                rules.append({"record": f"{dashboard.name}:panel_{number(panel.title)}:{index}", "expr": query})
    return json.dumps({"groups": [{"name": "panels", "rules": rules}]}, indent=1)


def as_text(dashboard):
    lines = [f"{dashboard.title}: {dashboard.description}"]
    for row in dashboard.rows:
        lines.append(f"  [{row.title or 'top'}]")
        for panel in row.panels:
            limits = " ".join(f"{colour}≥{value:g}" for value, colour in panel.steps)
            lines.append(f"    {panel.title:<34} {panel.kind:<14} {panel.width:>2}×{row.height:<2} {panel.unit:<14} {limits}")
    return "\n".join(lines)
