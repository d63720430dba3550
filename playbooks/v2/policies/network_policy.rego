# A change of production network policy needs an explicit approval artifact on the object itself.
package incidentresponse

import rego.v1

production if input.request.namespace == "production"

production if input.request.environment == "production"

# What environment it is must be known before the rule may be waived.
production if not input.request.environment

deny contains message if {
	input.request.kind.kind == "NetworkPolicy"
	production
	not input.request.object.metadata.labels["approved-by"]
	message := "a change of production network policy needs an approved-by label"
}
