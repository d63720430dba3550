# What the API server asks: an admission review with an answer in it.
package system

import data.kubernetes.admission

main := {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response}

response := {"uid": input.request.uid, "allowed": true} if count(admission.deny) == 0

response := {
	"uid": input.request.uid,
	"allowed": false,
	"status": {"code": 403, "message": concat("; ", sort(admission.deny)), "reason": "Forbidden"},
} if {
	count(admission.deny) > 0
}
