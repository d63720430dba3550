package kubernetes.admission_test

import data.kubernetes.admission

test_elsewhere if {
	count(admission.deny) == 1 with input as {"request": {"kind": {"kind": "Pod"}}}
}
