# Draining a node under a stateful workload can be worse than the incident: no approval makes it safe.
package incidentresponse

import rego.v1

draining if {
	input.request.kind.kind == "Node"
	input.request.operation == "UPDATE"
}

deny contains message if {
	draining
	input.request.is_stateful != false
	message := "a node that runs a stateful workload is not drained"
}

deny contains message if {
	draining
	not known_state
	message := "whether a workload on the node keeps state is unknown"
}

known_state if input.request.is_stateful == true

known_state if input.request.is_stateful == false

deny contains message if {
	draining
	input.request.environment == "production"
	not "cloud_team" in input.request.approvals
	not input.request.is_image_flagged
	message := "a production node is drained only for a flagged image or with the cloud team's approval"
}
