"""Owns Rego modules from their text to their answers: what loading refuses, and how they are asked.

`tokens`, `syntax`, `terms` and `rules` read a module; `safety`, `order`, `kinds`, `patterns`, `arguments`,
`circles`, `calls` and `negation` say what OPA would not load or this interpreter would answer otherwise, and
`source` gathers that by place. `hoisting`, `negation` and `formats` prepare a module for the `interpreter`.
"""
