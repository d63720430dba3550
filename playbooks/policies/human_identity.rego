# Locking a person out has operational and legal consequences: never without approval, and more of it for
# whoever may hold the keys to the emergency exit.
package incidentresponse

import rego.v1

deny contains message if {
	input.request.kind.kind == "User"
	count(input.request.approvals) == 0
	message := "a human identity is not disabled without approval"
}

deny contains message if {
	input.request.kind.kind == "User"
	input.request.is_emergency_access != false
	some role in {"incident_commander", "legal"}
	not role in input.request.approvals
	message := sprintf("an identity tied to emergency access needs the approval of %s", [role])
}
