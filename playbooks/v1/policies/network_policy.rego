# The first rule that we wrote: production network policy needs somebody's name on it.
package incidentresponse

import rego.v1

deny contains message if {
	input.request.kind.kind == "NetworkPolicy"
	input.request.namespace == "production"
	not input.request.object.metadata.labels["approved-by"]
	message := "production network policy changes require an approved-by label"
}
