# 面试时间安排
schedule-fair-needed = 请选择贵单位参加的、正在开放的招聘会
schedule-zone-unknown = 没有这个时区，请从列表中选择，例如 Asia/Shanghai
schedule-choose = 请从列表中选择
schedule-posting-elsewhere = 只能选这场招聘会的岗位
schedule-capacity-wrong = 每场人数为 1 到 20
schedule-lead-wrong = 最晚预约时间为开始前 0 分钟到 14 天
schedule-horizon-wrong = 可预约范围为 1 到 90 天
schedule-limit-wrong = 每天最多 72 场；不限请填 0
schedule-person-wrong = 请选择本单位的招聘官
schedule-one-person = 单人面试只能选一位招聘官
schedule-too-many-people = 选的人太多了：共同面试最多 6 位，轮流面试最多 20 位
schedule-hours-needed = 请至少填写一段可以面试的时间
schedule-hours-overlap = 同一天的时间段不能重叠
schedule-weekday-wrong = 请选择星期几
schedule-day-wrong = 请填写日期，例如 2027-02-20
schedule-day-past = 这一天已经过去了
schedule-time-wrong = 请填写时间，例如 09:30
schedule-time-step = 时间请取 5 分钟的整数倍
schedule-time-skipped = 当天因夏令时调整没有这个时间，请换一个
schedule-to-before-from = 结束时间要晚于开始时间
schedule-changed-meanwhile = 这个安排刚刚被同事改过，请刷新后再改

schedule-state-held = 正在保留
schedule-state-invited = 等待回复
schedule-state-proposed = 等待单位确认
schedule-state-offered = 有空位了
schedule-state-declined = 已谢绝
schedule-state-withdrawn = 已撤回
schedule-state-lapsed = 已过期

schedule-not-bookable = 这个时间现在不能预约，请换一个
schedule-claim-over = 已经过了回复的时间，请重新选择
schedule-claim-booked = 已经约好了，如需变动请改期或取消
schedule-move-late = 这场面试已经不能改期了
schedule-moved-flash = 面试已改期，双方都会收到通知
schedule-absent-late = 只能在面试开始后到结束后一天内登记未到场
schedule-absent-flash = 已登记未到场
schedule-hours-wrong = 请填写 1 到 336 小时
schedule-waiting-flash = 已加入候补，有空位会立即通知您
schedule-left-flash = 已退出候补

    详情：{ $link }
schedule-mail-invited-subject = { $with }邀请您面试
schedule-mail-invited = { $with }邀请您在 { $when } 视频面试。
    请在 { $until } 前回复：接受、谢绝，或者另选一个时间。
schedule-mail-offered-subject = 候补到了：{ $with }有空位
schedule-mail-offered = 您候补的{ $with }面试有空位了：{ $when }。
    为您保留到 { $until }，请尽快确认：
schedule-mail-proposed-subject = { $with }希望换个时间面试
schedule-mail-proposed = { $with }希望改在 { $when } 面试。
    请在 { $until } 前确认或谢绝：
schedule-mail-declined-subject = { $with }谢绝了面试时间
schedule-mail-declined = { $with }谢绝了 { $when } 的面试时间。{ $reason }

moderation-log-interview-plan = 设置面试时间
moderation-log-interview-plan-change = 修改面试时间
moderation-log-interview-plan-close = 停止面试安排
moderation-log-interview-frame = 设置招聘会的面试时段
moderation-log-interview-book-for = 代为预约面试
moderation-log-interview-invite = 邀请面试
moderation-log-interview-ask = 请求职者自选面试时间
moderation-log-interview-propose = 提议另一个面试时间
moderation-log-interview-offer-seat = 向候补者提供空位
moderation-log-interview-decline = 谢绝面试
moderation-log-interview-take-back = 撤回面试邀请
moderation-log-interview-lapse = 面试邀请过期
moderation-log-interview-move = 面试改期
moderation-log-interview-no-show = 登记未到场
moderation-log-interview-wait = 加入面试候补
