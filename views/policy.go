package views

import "github.com/a-h/templ"

// PolicyRefused answers somebody whom the operator's own rules keep out, in their words where
// they gave any.
func PolicyRefused(p Page, message, again string) templ.Component {
	text := Msg("policy.refused_text")
	if message != "" {
		text = Msg("policy.refused_message", "message", message)
	}
	return NoticePage(p, Notice{
		Icon: "problem", Title: Msg("policy.refused_title"), Text: []Message{text},
		Code: "POLICY_REFUSED", Links: []Link{{again, Msg("link.try_again")}, {"/", Msg("link.home")}},
	})
}

// PolicyUnavailable answers where nobody could be asked whether a person may come in.
func PolicyUnavailable(p Page, again string) templ.Component {
	return NoticePage(p, Notice{
		Icon: "wait", Title: Msg("policy.unavailable_title"), Text: []Message{Msg("policy.unavailable_text")},
		Code: "POLICY_UNAVAILABLE", Links: []Link{{again, Msg("link.try_again")}},
	})
}
