// An app with sign-in and consent pages of its own: better-auth's clients carry the signed
// query of the page's address to the server and follow where it sends them.
import { createRoot } from "react-dom/client";
import { createAuthClient } from "better-auth/react";
import { oauthProviderClient } from "@better-auth/oauth-provider/client";

const auth = createAuthClient({ baseURL: AUTH_URL, plugins: [oauthProviderClient()] });
const ada = { email: "ada@example.com", password: "correct-horse-battery" };

// tell shows what went wrong; where to go next, the client knows by itself.
const tell = async (answer) => {
  const { error } = await answer;
  if (error) document.title = `${error.status} ${error.error ?? error.code}`;
};

function Page() {
  const consent = location.pathname === "/consent";
  return (
    <main>
      <h1>{consent ? "Our consent page" : "Our sign-in page"}</h1>
      {consent ? (
        <>
          <button onClick={() => tell(auth.oauth2.consent({ accept: true }))}>Yes</button>
          <button onClick={() => tell(auth.oauth2.consent({ accept: false }))}>No</button>
        </>
      ) : (
        <button onClick={() => tell(auth.signIn.email(ada))}>Sign in</button>
      )}
    </main>
  );
}

createRoot(document.getElementById("root")).render(<Page />);
