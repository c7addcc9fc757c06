import { Component, type ReactNode } from "react";

interface BoundaryProps {
  readonly children: ReactNode;
}

/** Keeps a part that cannot be loaded or shown from taking the page with it. */
export class Boundary extends Component<BoundaryProps, { readonly failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override render() {
    if (!this.state.failed) return this.props.children;
    return (
      <div className="panel-wrong" role="alert">
        <p>This part could not be loaded: the server is away, or is another one by now. Nothing is lost.</p>
        <button
          type="button"
          className="button"
          onClick={() => {
            window.location.reload();
          }}
        >
          Load the page again
        </button>
      </div>
    );
  }
}
