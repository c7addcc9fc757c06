import { useEffect, useRef, useState, type KeyboardEvent, type PointerEvent } from "react";

import { fitted, zoomedAt, type Size, type View } from "./zoom";

const PIXELS_FROM = 2; // the scale from which on pixels are shown as such

/** A picture that one can come closer to: by wheel, by dragging, by plus, minus, 0 (all of it) and 1 (its own size). */
export function ZoomedPicture({ url, name }: { readonly url: string; readonly name: string }) {
  const place = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState<Size | null>(null);
  const [view, setView] = useState<View | null>(null);

  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const wheel = (event: WheelEvent) => {
      event.preventDefault();
      const point = fromMiddle(element, event);
      setView((before) => before && zoomedAt(before, point, Math.exp(-event.deltaY * 0.0015)));
    };
    // React's own listener is passive: the page would scroll.
    element.addEventListener("wheel", wheel, { passive: false });
    element.focus();
    return () => {
      element.removeEventListener("wheel", wheel);
    };
  }, []);

  const whole = () => {
    if (size && place.current) setView(fitted(size, sizeOf(place.current)));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const middle = { x: 0, y: 0 };
    if (event.key === "+" || event.key === "=") setView((now) => now && zoomedAt(now, middle, 1.25));
    else if (event.key === "-") setView((now) => now && zoomedAt(now, middle, 0.8));
    else if (event.key === "1") setView({ scale: 1, x: 0, y: 0 });
    else if (event.key === "0") whole();
  };
  const drag = (event: PointerEvent) => {
    if (event.buttons !== 1) return;
    setView((now) => now && { ...now, x: now.x + event.movementX, y: now.y + event.movementY });
  };
  return (
    // It takes the wheel, the pointer and the keys as a whole.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <div
      ref={place}
      className="zoomed"
      role="application"
      data-autofocus="true" // or the dialog takes its first button
      aria-label={`${name}. Plus and minus come closer and go back, 0 shows all of it.`}
      // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
      tabIndex={0}
      onKeyDown={onKeyDown}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={drag}
      onDoubleClick={(event) => {
        const point = fromMiddle(event.currentTarget, event);
        if (view && size && view.scale === fitted(size, sizeOf(event.currentTarget)).scale)
          setView(zoomedAt(view, point, 3));
        else whole();
      }}
    >
      <img
        src={url}
        alt={name}
        draggable={false}
        data-pixels={(view?.scale ?? 1) >= PIXELS_FROM || undefined}
        style={
          view ? { transform: `translate(${view.x}px, ${view.y}px) scale(${view.scale})` } : { opacity: 0 }
        }
        onLoad={({ currentTarget: { naturalWidth: width, naturalHeight: height } }) => {
          setSize({ width, height });
          if (place.current) setView(fitted({ width, height }, sizeOf(place.current)));
        }}
      />
      {size && view && (
        <span className="zoomed-size">
          {size.width} × {size.height}, {Math.round(view.scale * 100)} %
        </span>
      )}
    </div>
  );
}

function sizeOf(element: Element): Size {
  const { width, height } = element.getBoundingClientRect();
  return { width, height };
}

function fromMiddle(element: Element, at: { readonly clientX: number; readonly clientY: number }) {
  const box = element.getBoundingClientRect();
  return { x: at.clientX - box.left - box.width / 2, y: at.clientY - box.top - box.height / 2 };
}
