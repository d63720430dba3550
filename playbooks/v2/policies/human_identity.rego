# Locking a person out has operational and legal consequences: never without approval.
package incidentresponse

import rego.v1

deny contains message if {
	input.request.kind.kind == "User"
	count(input.request.approvals) == 0
	message := "a human identity is not disabled without approval"
}
