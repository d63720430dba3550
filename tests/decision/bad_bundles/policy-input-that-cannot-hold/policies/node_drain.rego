package incidentresponse

import rego.v1

deny contains message if {
	input.request.kind.kind == "Node"
	input.request.is_stateful != false
	message := "a node that runs a stateful workload is not drained"
}

deny contains message if {
	input.request.kind.kind == "Node"
	not known
	message := "whether a workload on the node keeps state is unknown"
}

deny contains message if {
	input.request.kind.kind == "Node"
	input.request.environment == "production"
	count(input.request.approvals) == 0
	message := "a production node is drained with approval only"
}

known if input.request.is_stateful == true

known if input.request.is_stateful == false
