package kubernetes.admission

import data.lib.images
import data.teams

deny contains message if {
	input.request.kind.kind == "Pod"
	some container in input.request.object.spec.containers
	not startswith(container.image, "registry.example.com/")
	message := sprintf("image %v of container %v comes from elsewhere", [container.image, container.name])
}

deny contains message if {
	input.request.kind.kind == "Pod"
	some container in input.request.object.spec.containers
	images.tag(container.image) == "latest"
	message := sprintf("container %s uses the tag latest", [container.name])
}

deny contains message if {
	input.request.kind.kind == "NetworkPolicy"
	input.request.object.metadata.labels.environment == "production"
	not input.request.object.metadata.labels["approved-by"]
	message := "production network policy changes require approved-by label"
}

# Who may delete in a namespace: its owners.
default may_delete := false

may_delete if {
	input.request.operation == "DELETE"
	input.request.userInfo.username in teams.owners[input.request.namespace]
}

# Undefined where there is nothing to say.
risk := "high" if {
	some container in input.request.object.spec.containers
	container.securityContext.privileged == true
}

summary := {"denials": count(deny), "containers": names, "cpu": cpu}

names := {container.name | some container in input.request.object.spec.containers}

cpu := sum([container.cpu | some container in input.request.object.spec.containers])
