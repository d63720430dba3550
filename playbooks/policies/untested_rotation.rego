# Rotating a secret breaks whoever still holds the old one.
package incidentresponse

import rego.v1

rotating if input.request.option == "rotate"

deny contains message if {
	rotating
	not tested
	not "resource_owner" in input.request.approvals
	message := "rotation is not tested with every consumer: the resource's owner must accept the outage"
}

tested if input.request.are_consumers_tested == true
