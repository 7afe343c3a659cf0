package archivetest

// Challenge returns a page such as a content delivery network shows to clients
// it takes for robots, with the status it uses for it: 403, 503 or even 200.
func Challenge(status int) Page {
	return Page{
		Status: status,
		Header: []string{
			"Server: cloudflare",
			"CF-RAY: 8f0000000000aaaa-FRA",
			"Cf-Mitigated: challenge",
			"Cache-Control: private, max-age=0, no-store",
			"Set-Cookie: __cf_bm=fake-challenge-cookie; Path=/; HttpOnly; Secure",
		},
		Body: `<!DOCTYPE html>
<html lang="en-US"><head><title>Just a moment...</title>
<meta name="robots" content="noindex,nofollow"><meta http-equiv="refresh" content="390"></head>
<body><h1>One more step</h1>
<p>Checking that you are human. This may take a few seconds.</p>
<noscript>Enable JavaScript and cookies to continue</noscript>
<script>window._cf_chl_opt = {cType: 'managed', cRay: '8f0000000000aaaa'};</script>
</body></html>
`,
	}
}
