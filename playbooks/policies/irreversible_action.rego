# What cannot be undone needs people who accept it; what holds customer data is evidence and is not deleted.
package incidentresponse

import rego.v1

deny contains message if {
	input.request.undo == "irreversible"
	some role in {"resource_owner", "security_lead"}
	not role in input.request.approvals
	message := sprintf("an irreversible action needs the approval of %s", [role])
}

deny contains message if {
	input.request.undo == "irreversible"
	input.request.operation == "DELETE"
	not free_of_customer_data
	message := "what holds, or may hold, customer data is not deleted during an incident"
}

free_of_customer_data if input.request.is_customer_data_touched == false
