# ruff: noqa: D102 - the steps of the definition are named like its words
"""A second, plain model of the decision, written from its definition and sharing no code with the kernel.

Reads raw YAML, parses conditions by recursive descent, and decides one state at a time with Python values;
None is unknown. Slow and obvious on purpose.
"""

from __future__ import annotations

import itertools
import re
from pathlib import Path

from ruamel.yaml import YAML

SCOPES = ["none", "pod", "workload", "node", "service", "identity", "account"]
UNDOS = ["reversible", "compensable", "irreversible"]
MODES = ["automatic", "policy_gated", "approval_required"]
PRECEDENCE = ["monitor", "enrich", "notify", "escalate"]
TOKEN = re.compile(r"\s*(?:('(?:[^']|'')*')|(-?\d+)|([a-z_][a-z0-9_]*)|(<=|>=|<>|!=|=|<|>|\(|\)|,))")


def read_yaml(path):
    return YAML(typ="safe").load(Path(path).read_text(encoding="utf-8"))


class Parser:
    """Conditions as nested tuples: ('and', a, b), ('column', name), ('compare', name, op, value) …"""

    def __init__(self, text):
        self.tokens = []
        while text.strip():
            found = TOKEN.match(text)
            self.tokens.append(found.group().strip())
            text = text[found.end() :]
        self.at = 0

    def peek(self):
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def take(self):
        self.at += 1
        return self.tokens[self.at - 1]

    def disjunction(self):
        left = self.conjunction()
        while self.peek() == "or":
            self.take()
            left = ("or", left, self.conjunction())
        return left

    def conjunction(self):
        left = self.negation()
        while self.peek() == "and":
            self.take()
            left = ("and", left, self.negation())
        return left

    def negation(self):
        if self.peek() == "not":
            self.take()
            return ("not", self.negation())
        return self.primary()

    def primary(self):
        if self.peek() == "(":
            self.take()
            inner = self.disjunction()
            self.take()
            return inner
        name = self.take()
        if isinstance(value_of(name), int):
            mirrored = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
            operator = self.take()
            return ("compare", self.take(), mirrored.get(operator, operator), value_of(name))
        if self.peek() == "(":
            self.take()
            argument = self.take()
            self.take()
            return (name, value_of(argument))
        return self.comparison(name)

    def comparison(self, name):
        if self.peek() == "not":
            self.take()
            return ("not", self.comparison(name))
        if self.peek() == "in":
            self.take(), self.take()
            values = [value_of(self.take())]
            while self.take() == ",":
                values.append(value_of(self.take()))
            return ("in", name, values)
        if self.peek() == "between":
            self.take()
            low = value_of(self.take())
            self.take()
            return ("and", ("compare", name, ">=", low), ("compare", name, "<=", value_of(self.take())))
        if self.peek() in ("=", "<>", "!=", "<", "<=", ">", ">="):
            return ("compare", name, self.take(), value_of(self.take()))
        return ("column", name)


def value_of(token):
    if token.startswith("'"):
        return token[1:-1].replace("''", "'")
    return int(token) if token.lstrip("-").isdigit() else token


def holds(tree, state):
    """True, False or None."""
    kind = tree[0]
    if kind == "and":
        left, right = holds(tree[1], state), holds(tree[2], state)
        if left is False or right is False:
            return False
        return None if left is None or right is None else True
    if kind == "or":
        left, right = holds(tree[1], state), holds(tree[2], state)
        if left is True or right is True:
            return True
        return None if left is None or right is None else False
    if kind == "not":
        inner = holds(tree[1], state)
        return None if inner is None else not inner
    if kind == "known":
        return state.get(tree[1]) is not None
    if kind == "has_signal":
        return tree[1] in (state.get("signal_names") or ())
    value = state.get(tree[1])
    if value is None:
        return None
    if kind == "column":
        return value
    if kind == "in":
        return value in tree[2]
    operator, other = tree[2], tree[3]
    return {
        "=": value == other, "<>": value != other, "!=": value != other,
        "<": operator == "<" and value < other, "<=": operator == "<=" and value <= other,
        ">": operator == ">" and value > other, ">=": operator == ">=" and value >= other,
    }[operator]  # fmt: skip


class Reference:
    """Decides states by the definition; `policies` maps a name to a function that says whether it denies."""

    def __init__(self, folder, policies):
        self.playbook = read_yaml(Path(folder) / "playbook.yaml")
        self.actions = self.playbook["actions"]
        self.policies = policies
        self.declared = {
            name: read_yaml(Path(folder) / self.playbook["policies"] / f"{name}.yaml").get("inputs", {})
            for name in policies
        }
        self.ladder = sorted(
            (name for name, action in self.actions.items() if action["scope"] != "none"),
            key=lambda name: (
                SCOPES.index(self.actions[name]["scope"]),
                UNDOS.index(self.actions[name]["undo"]),
            ),
        )
        self.trees = {}
        self.answers = {}

    def is_true(self, text, state):
        return self.value(text, state) is True

    def value(self, text, state):
        if text not in self.trees:
            self.trees[text] = Parser(text).disjunction()
        return holds(self.trees[text], state)

    def decide(self, state):
        """(action, mode, approvers) for one state."""
        effect = self.effects(state)
        effective = [name for name in self.ladder if effect.get(name, 0) >= self.playbook["need"]]
        denials = {name: self.policy(name, state) for name in effective}
        for name in effective:
            if self.is_admissible(name, state) and denials[name] != "denied":
                mode = self.mode(name, state, denials[name])
                return name, mode, () if mode == "automatic" else self.approvers(name, state)
        name = self.passive(state, effect, effective, denials)
        action = self.actions[name]
        mode = action["mode"]
        return name, mode, () if mode == "automatic" else tuple(sorted(action["approvers"]))

    def effects(self, state):
        effect = {}
        for rule in self.playbook["rules"]:
            if self.is_true(rule["when"], state):
                for name, points in rule["supports"].items():
                    effect[name] = effect.get(name, 0) + points
        return effect

    def is_prepared(self, name, state):
        return all(self.is_true(need["that"], state) for need in self.actions[name].get("needs", []))

    def is_admissible(self, name, state):
        confidence = state.get("confidence") or 0
        return (
            bool(state.get("has_minimum_context"))
            and confidence >= self.actions[name]["floor"]
            and self.is_prepared(name, state)
        )

    def approvers(self, name, state):
        roles = set(self.actions[name]["approvers"])
        for also in self.actions[name].get("also", []):
            if self.value(also["when"], state) is not False:
                roles |= set(also["approvers"])
        return tuple(sorted(roles))

    def policy(self, name, state):
        """'allow', 'needs_approval' or 'denied': the strictest over policies and completions."""
        roles = self.approvers(name, state)
        verdicts = {self.verdict(policy, name, roles, state) for policy in self.policies}
        return (
            "denied"
            if "denied" in verdicts
            else "needs_approval"
            if "needs_approval" in verdicts
            else "allow"
        )

    def verdict(self, policy, name, roles, state):
        known = {key: self.input_value(declared, state) for key, declared in self.declared[policy].items()}
        question = (policy, name, roles, tuple(known.items()))
        if question not in self.answers:
            self.answers[question] = self.strictest(policy, name, roles, known)
        return self.answers[question]

    def strictest(self, policy, name, roles, known):
        choices = []
        for key, declared in self.declared[policy].items():
            domain = (
                DOMAINS.get(declared.get("column"), [True, False])
                if not declared.get("values")
                else [*declared["values"], "other"]
            )
            choices.append([*domain, None] if known[key] is None else [known[key]])
        without = with_approval = False
        for values in itertools.product(*choices):
            inputs = {key: value for key, value in zip(known, values, strict=True) if value is not None}
            without |= self.policies[policy](self.actions[name], inputs, set())
            with_approval |= self.policies[policy](self.actions[name], inputs, set(roles))
        return "denied" if with_approval else "needs_approval" if without else "allow"

    def input_value(self, declared, state):
        if "that" in declared:
            return self.value(declared["that"], state)
        value = state.get(declared["column"])
        if value is not None and declared.get("values"):
            return value if value in declared["values"] else "other"
        return value

    def mode(self, name, state, verdict):
        action = self.actions[name]
        demanded = [action["mode"]]
        if (state.get("confidence") or 0) < action["auto_from"]:
            demanded.append("approval_required")
        if state.get("blast_radius") is None or state["blast_radius"] > action["auto_blast"]:
            demanded.append("approval_required")
        for escalation in self.playbook.get("escalations", []):
            if action["scope"] in escalation["scopes"] and self.value(escalation["when"], state) is not False:
                demanded.append(escalation["mode"])
        if verdict == "needs_approval":
            demanded.append("approval_required")
        return max(demanded, key=MODES.index)

    def passive(self, state, effect, effective, denials):
        has_context = bool(state.get("has_minimum_context"))
        open_options = PRECEDENCE if has_context else ["enrich", "escalate"]
        scored = [
            (effect[name], PRECEDENCE.index(action["option"]), -place, name)
            for place, (name, action) in enumerate(self.actions.items())
            if action["scope"] == "none" and effect.get(name, 0) > 0 and action["option"] in open_options
        ]
        if scored:
            return max(scored)[3]
        resorts = self.playbook["last_resorts"]
        if any(denials[name] == "denied" or not self.is_prepared(name, state) for name in effective):
            return resorts["escalate"]
        if not has_context:
            return resorts["missing_context"]
        if any(effect.get(name, 0) > 0 for name in self.ladder):
            return resorts["enrich"]
        return resorts["monitor"]


DOMAINS = {"environment": ["production", "staging", "test", "development"]}


def network_policy(action, inputs, roles):
    is_production = inputs.get("namespace") == "production" or inputs.get("environment") in (
        "production",
        None,
    )
    return action["request"]["kind"] == "NetworkPolicy" and is_production and not roles


def node_drain(action, inputs, roles):
    if action["request"] != {"kind": "Node", "operation": "UPDATE"}:
        return False
    if inputs.get("is_stateful") is not False:
        return True
    return (
        inputs.get("environment") == "production"
        and "cloud_team" not in roles
        and not inputs.get("is_image_flagged")
    )


def human_identity(action, inputs, roles):
    if action["request"]["kind"] != "User":
        return False
    return not roles or (
        inputs.get("is_emergency_access", True) and not {"incident_commander", "legal"} <= roles
    )


def shared_release(action, inputs, roles):
    is_rollback = action["request"] == {"kind": "Application", "operation": "UPDATE"}
    return is_rollback and inputs.get("is_release_shared") is not False and "app_owner" not in roles


def untested_rotation(action, inputs, roles):
    return (
        action["option"] == "rotate"
        and inputs.get("are_consumers_tested") is not True
        and "resource_owner" not in roles
    )


def irreversible_action(action, inputs, roles):
    if action["undo"] != "irreversible":
        return False
    may_hold_data = inputs.get("is_customer_data_touched") is not False
    return not {"resource_owner", "security_lead"} <= roles or (
        action["request"]["operation"] == "DELETE" and may_hold_data
    )


POLICIES = {
    each.__name__: each
    for each in (
        network_policy,
        node_drain,
        human_identity,
        shared_release,
        untested_rotation,
        irreversible_action,
    )
}


def network_policy_by_name(action, inputs, roles):
    """The first version's policy: it looks at the namespace's name alone."""
    is_production = inputs.get("namespace") == "production"
    return action["request"]["kind"] == "NetworkPolicy" and is_production and not roles


def human_identity_of_anybody(action, inputs, roles):
    """The second version's policy: it knows of no emergency access."""
    return action["request"]["kind"] == "User" and not roles


EARLIER_POLICIES = {
    "v1": {"network_policy": network_policy_by_name},
    "v2": {
        "network_policy": network_policy,
        "node_drain": node_drain,
        "human_identity": human_identity_of_anybody,
    },
}


def policies_of(version):
    """The policies of a playbook version; those of playbooks/policies unless it keeps its own."""
    return EARLIER_POLICIES.get(version, POLICIES)


def node_drain_small(action, inputs, roles):
    """The policy of the small bundle."""
    if action["request"]["kind"] != "Node":
        return False
    return inputs.get("is_stateful") is not False or (inputs.get("environment") == "production" and not roles)
