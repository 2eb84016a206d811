// The shop window, room by room.
