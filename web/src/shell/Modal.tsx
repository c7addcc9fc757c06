import { Dialog, DialogDismiss, DialogHeading } from "@ariakit/react";
import { X } from "lucide-react";
import type { ReactNode } from "react";

import { useChrome } from "../state/chrome";

interface ModalProps {
  readonly title: string;
  readonly wide?: boolean;
  readonly children: ReactNode;
}

/** The frame of a dialog: Escape and a click beside it close it. */
export function Modal({ title, wide, children }: ModalProps) {
  return (
    <Dialog
      open
      onClose={closeDialog}
      className="modal"
      data-wide={wide ?? undefined}
      backdrop={<div className="modal-backdrop" />}
    >
      <header className="modal-head">
        <DialogHeading>{title}</DialogHeading>
        <DialogDismiss className="panel-close" aria-label="Close">
          <X size={16} aria-hidden />
        </DialogDismiss>
      </header>
      <div className="modal-body">{children}</div>
    </Dialog>
  );
}

/** Close whatever dialog is open. */
export function closeDialog(): void {
  useChrome.setState({ dialog: null, subject: null });
}
