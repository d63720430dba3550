# Rolling back a release that several services share moves all of them.
package incidentresponse

import rego.v1

deny contains message if {
	input.request.kind.kind == "Application"
	input.request.operation == "UPDATE"
	not own_release
	not "app_owner" in input.request.approvals
	message := "the release is shared by several services: the application's owner must approve its rollback"
}

own_release if input.request.is_release_shared == false
