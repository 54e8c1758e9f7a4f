// Posts the one form of a page that hands an answer to an app (OAuth 2.0 Form Post Response
// Mode). It runs before the page has finished loading, so that the page leaves no entry in
// the history: going back must not post the answer again.
document.getElementById("onward").submit();
