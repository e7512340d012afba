rooms-status-live = 直播中
rooms-status-staffed = 有人接待
rooms-status-message-only = 可留言
rooms-status-closed = 未开放
